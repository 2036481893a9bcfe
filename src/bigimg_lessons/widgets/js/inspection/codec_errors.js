// Why the voxels of a chunk cannot be had.

/** What is packed is damaged. */
export class PackingError extends Error {}

/** It is packed in a way that is not known here; the message names that. */
export class UnknownCodec extends Error {}
