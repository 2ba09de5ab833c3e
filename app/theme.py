"""The look: a calm instrument.  Local fonts only; styles in style.css."""

from pathlib import Path

import gradio as gr

FONT = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_md,
    font=FONT,
    font_mono=MONO,
).set(
    # The defaults are paler than 4.5 : 1.
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color="*neutral_800",
    block_title_text_color_dark="*neutral_100",
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    slider_color="#3a87ad",
    slider_color_dark="#6fb3d6",
)
STYLE = Path(__file__).with_name("style.css")
FAVICON = Path(__file__).with_name("favicon.png")
