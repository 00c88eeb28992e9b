"""One of each plugin group, by somebody who knows the public interface alone."""
