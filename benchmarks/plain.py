"""The same model behind a plain ``gr.Interface``, as anyone would write it: what the app is compared with under load.

GRADIO_SERVER_PORT=7897 python -m benchmarks.plain
"""

import gradio as gr

from benchmarks.running import SHIPPED
from cternet import Predictor


def main() -> None:
    predictor = Predictor.from_pretrained(SHIPPED)

    def analyze(image: str) -> dict[str, object]:
        return dict(predictor.analyze(image).numbers())

    interface = gr.Interface(analyze, gr.Image(type="filepath"), gr.JSON(), api_name="analyze", analytics_enabled=False)
    interface.launch(quiet=True)


if __name__ == "__main__":
    main()
