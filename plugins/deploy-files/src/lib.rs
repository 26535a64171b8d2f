//! The deploy-files provider.
