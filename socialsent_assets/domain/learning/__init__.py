"""What is learned from labelled posts: labels, features, the classifier, how good it is, and its card."""
