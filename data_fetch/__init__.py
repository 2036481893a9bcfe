"""Fetch the data that the lessons use: ``python -m data_fetch``, run from the repository.

Without an argument it lists the datasets and how much of each is there; it downloads nothing
unless you ask for it.

``--sample``
    Creates the sample volume, which the lessons use by default. It is synthetic: generated on this
    computer by :mod:`bigimg_lessons.samples`, under the licence of the lessons (CC BY 4.0).
``--real NAME``
    Downloads real images, which are optional. They are electron microscopy of *Platynereis* that
    the NEUBIAS training resources share in the Zenodo records 14857764 and 14591118. The text of
    those training resources is under CC BY 4.0. The images are under the licence that their
    record states; it is read from the record and printed at each download, with the creators
    to credit.

A partial file has a name that ends in ``.part``. It is continued after a break, and gets its own
name only when size and checksum are those that the record states. What the record states must be
what is pinned in :mod:`data_fetch.registry`; where nothing is pinned, the first download is
trusted, and later ones are compared with the sidecar that it left.
"""
