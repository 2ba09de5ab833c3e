"""What pyproject.toml cannot say: assets/weights is installed as the folder cternet/weights.  Everything else is there."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["cternet*"]), "cternet.weights"],
    package_dir={"cternet.weights": "assets/weights"},
    package_data={"": ["*.csv", "templates/*"], "cternet.weights": ["*/*"]},
)
