// All voxels of level 0, as zarrita reads them: its shape and type in a line, then its bytes.
import { openAsBlob } from "node:fs";
import { FileSystemStore, ZipFileStore } from "@zarrita/storage";
import * as zarr from "zarrita";

const path = process.argv[2];
const isZip = path.endsWith(".ozx");
const store = isZip ? ZipFileStore.fromBlob(await openAsBlob(path)) : new FileSystemStore(path);
const image = await zarr.open(store, { kind: "group" });
const level = await zarr.open(image.resolve("0"), { kind: "array" });
const { data, shape } = await zarr.get(level);
process.stdout.write(`${JSON.stringify({ shape, dtype: level.dtype })}\n`);
process.stdout.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
