"""What the checks look at: plugins, models, datasets and trainers with settings to try."""
