"""How the server is set up: by environment variables, read once before anything heavy is imported."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """An environment variable has a value that cannot be used; the message names it."""


def pairs(text: object) -> object:
    """``name:password,name:password`` as pairs.

    Raises:
        ValueError: a part is not of that form.
    """
    if not isinstance(text, str):
        return text
    found = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    if any(not name or not password for name, _, password in found):
        raise ValueError("give NAME:PASSWORD, or several separated by commas")
    return tuple((name, password) for name, _, password in found)


def place(text: str) -> str:
    """Where a proxy shows the server.

    Raises:
        ValueError: neither a path nor an address.
    """
    if not text or text.startswith(("http://", "https://")) or (text.startswith("/") and not text.endswith("/")):
        return text
    raise ValueError("give a path like /studio, or the whole address there")


def beside_loans(device: str, info: ValidationInfo) -> str:
    """The device of the models.

    Raises:
        ValueError: a GPU, where GPUs are lent by the call.
    """
    if info.data.get("zero_gpu") and device != "cpu":
        raise ValueError("ZeroGPU lends GPUs by the call, so the models stay on the CPU; leave it out")
    return device


class Settings(BaseSettings):
    """Each field is the environment variable that its alias names; an empty one counts as not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", enable_decoding=False)

    weights: str = Field("", alias="CTERNET_WEIGHTS")
    """Checkpoint folders, folders of them or hub ids, divided as in PATH; empty for those that come with the program."""
    port: int | None = Field(None, ge=1, le=65535, alias="GRADIO_SERVER_PORT")
    """Where to listen; None for 7860 or the next free port."""
    root_path: Annotated[str, AfterValidator(place)] = Field("", alias="GRADIO_ROOT_PATH")
    """Under which path a proxy shows the server, or its whole address there."""
    zero_gpu: bool = Field(False, alias="SPACES_ZERO_GPU")
    """Whether this is a Space with ZeroGPU; Hugging Face sets it."""
    device: Annotated[str, AfterValidator(beside_loans)] | None = Field(None, alias="CTERNET_DEVICE")
    """Torch device; None for a GPU where there is one."""
    threads: int | None = Field(None, ge=1, le=1024, alias="CTERNET_THREADS")
    """Threads of the network; None for one a core."""
    upload_megabytes: int = Field(100, ge=1, le=10_000, alias="CTERNET_UPLOAD_MB")
    """Largest file a visitor may send, a zip."""
    queue: int = Field(64, ge=1, le=100_000, alias="CTERNET_QUEUE")
    """Calls that may wait; further ones are told that the server is busy."""
    batch: int | None = Field(None, ge=1, le=256, alias="CTERNET_BATCH")
    """Most photos of different visitors in one pass of the network; None for what suits the device."""
    seconds: float = Field(120.0, gt=0, le=86_400, alias="CTERNET_SECONDS")
    """How long one call may take."""
    concurrency: int = Field(4, ge=1, le=1024, alias="CTERNET_CONCURRENCY")
    """Photos that are decoded at once."""
    auth: Annotated[tuple[tuple[str, str], ...], BeforeValidator(pairs)] = Field((), alias="CTERNET_AUTH", repr=False)
    """Names and passwords of those who may come in; none for everybody."""
    metrics: bool = Field(False, alias="CTERNET_METRICS")
    """Whether /metrics has figures for Prometheus."""
    log: Literal["text", "json"] = Field("text", alias="CTERNET_LOG")
    """What a line of the log looks like."""


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingsError: the first wrong one, as a sentence.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        name = wrong["loc"][0]
        given = "" if name == "CTERNET_AUTH" else f" is {wrong['input']!r}, which"
        reason = wrong["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}{given or ','} cannot be used: {reason[0].lower()}{reason[1:]}.") from None
