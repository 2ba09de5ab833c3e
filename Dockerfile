# docker build -t cternet-studio . && docker run --rm -p 7860:7860 --read-only --tmpfs /tmp cternet-studio
FROM python:3.11-slim AS install
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt constraints.txt ./
# The index of PyTorch has builds without CUDA, two gigabytes smaller; drop the line for a GPU.
RUN python -m venv /venv \
    && /venv/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu \
    -r requirements.txt -c constraints.txt

FROM python:3.11-slim
RUN useradd --uid 1000 --no-create-home studio
COPY --from=install /venv /venv
WORKDIR /studio
COPY pyproject.toml app.py ./
COPY app app
COPY cternet cternet
COPY assets assets
# The tree may be read-only: all that is written goes to /tmp.
ENV HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 HF_HUB_OFFLINE=1 CTERNET_LOG=json
USER 1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["/venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
CMD ["/venv/bin/python", "app.py"]
