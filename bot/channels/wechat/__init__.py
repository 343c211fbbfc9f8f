"""A WeChat Official Account: signed posts in, answers and messages out."""
