"""What stops a survey before or while it is made."""


class SurveyError(ValueError):
    """The survey cannot be made; the message says why and what to do, for the person who asked for it."""
