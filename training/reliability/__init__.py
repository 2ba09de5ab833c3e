"""How far to trust a checkpoint's answers: calibration, and pictures unlike the photos it learnt from."""
