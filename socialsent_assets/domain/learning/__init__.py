"""Learning from labelled posts: labels, features, the classifier, its evaluation and its card."""
