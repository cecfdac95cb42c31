"""Commands, by what they are about: arguments only; what is done lives in the layers below."""
