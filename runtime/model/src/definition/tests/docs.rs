//! The book's page on definitions says what the code does: its examples load,
//! and its error texts are real.
