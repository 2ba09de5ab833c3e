"""Many photos at once: a folder or a zip to a Parquet table and a page to browse, however many there are.

>>> from cternet.survey import pack, survey
>>> summary = survey("photos.zip", "report", networks)
>>> summary.photos, pack(summary.report)
"""

from cternet.survey.errors import SurveyError
from cternet.survey.options import DEFAULTS, Options
from cternet.survey.report import Summary, finish, pack
from cternet.survey.run import Share, SurveyProgress, survey, surveying
from cternet.survey.sources import COMMAND, PAGE, Limits

__all__ = [
    "COMMAND",
    "DEFAULTS",
    "PAGE",
    "Limits",
    "Options",
    "Share",
    "Summary",
    "SurveyError",
    "SurveyProgress",
    "finish",
    "pack",
    "survey",
    "surveying",
]
