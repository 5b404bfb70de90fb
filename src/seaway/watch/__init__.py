"""What looks after things by itself: routes that drifted, later expiry, health and clean-up."""
