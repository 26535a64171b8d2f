//! The notify-webhook provider.
