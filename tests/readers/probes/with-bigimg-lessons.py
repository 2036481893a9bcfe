"""BioImage with the reader of this project, in whose environment this probe runs."""

from bioio_facts import tell_by_bioio

from bigimg_lessons.formats.bdv import Reader

tell_by_bioio(Reader, "bigimg-lessons")
