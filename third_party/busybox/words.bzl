"""words: the words of a text."""

def words(text):
    """Its words, which spaces and line ends part."""
    return [word for word in text.replace("\n", " ").split(" ") if word]
