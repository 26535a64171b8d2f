//! Plugins as packages: manifest and component, installed and granted.
