//! Makes personal data unreadable, value by value; data sets as a whole are somebody else's.
