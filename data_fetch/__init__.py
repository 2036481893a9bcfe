"""Fetch the data that the lessons use: ``python -m data_fetch``, run from the repository.

Without an argument it lists the datasets and what of them is there; nothing is downloaded unless
it is asked for.

``--sample``
    Makes the sample volume which the lessons use by default. It is synthetic: generated on this
    computer by :mod:`bigimg_lessons.samples`, under the licence of the lessons (CC BY 4.0).
``--real NAME``
    Downloads real images, which are optional. They are electron microscopy of *Platynereis* that
    the NEUBIAS training resources share in the Zenodo records 14857764 and 14591118. The text of
    those training resources is under CC BY 4.0. The images are under the licence which their
    record states; it is asked from the record and printed at each download, with the creators
    to credit.

Files arrive under a name that ends in ``.part``, are continued after a break, and get their own
name only when size and checksum are those which the record states. What the record states must be
what is pinned in :mod:`data_fetch.registry`; where nothing is, the first download is trusted, and
later ones are compared with the note that it left.
"""
