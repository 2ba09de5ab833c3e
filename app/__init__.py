"""The Gradio interface; one file a page, thin handlers over ``cternet``."""
