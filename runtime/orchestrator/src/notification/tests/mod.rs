//! What is told of events, held against what AWS tells.
