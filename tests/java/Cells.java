import ch.systemsx.cisd.hdf5.HDF5Factory;
import ch.systemsx.cisd.hdf5.IHDF5Reader;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads setup 0 at time point 0 of BigDataViewer HDF5 files with the library and the calls that
 * BigDataViewer itself uses (JHDF5, which is in the jar of Bio-Formats), and says in JSON for each
 * the attribute dataType, both tables, and per level the shape and the SHA-256 of its cells,
 * little-endian. Without dataType cells are read as int16, with it as that type.
 *
 * Run: java -cp bioformats_package.jar Cells.java file.h5 ...
 */
class Cells {
    public static void main(String[] files) throws Exception {
        List<String> descriptions = new ArrayList<>();
        for (String file : files) {
            descriptions.add(describe(new File(file)));
        }
        System.out.println("[" + String.join(", ", descriptions) + "]");
    }

    private static String describe(File file) throws Exception {
        IHDF5Reader reader = HDF5Factory.openForReading(file);
        try {
            boolean typed = reader.object().hasAttribute("s00", "dataType");
            String type = typed ? reader.string().getAttr("s00", "dataType") : "int16";
            double[][] resolutions = reader.readDoubleMatrix("s00/resolutions");
            int[][] subdivisions = reader.readIntMatrix("s00/subdivisions");
            List<String> levels = new ArrayList<>();
            for (int level = 0; level < resolutions.length; level++) {
                String cells = String.format("t00000/s00/%d/cells", level);
                byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest(read(reader, cells, type));
                levels.add(String.format(
                    "{\"shape\": %s, \"sha256\": \"%s\"}",
                    Arrays.toString(reader.getDataSetInformation(cells).getDimensions()),
                    HexFormat.of().formatHex(digest)));
            }
            return String.format(
                "{\"dataType\": %s, \"resolutions\": %s, \"subdivisions\": %s, \"levels\": [%s]}",
                typed ? '"' + type + '"' : "null",
                Arrays.deepToString(resolutions),
                Arrays.deepToString(subdivisions),
                String.join(", ", levels));
        } finally {
            reader.close();
        }
    }

    private static byte[] read(IHDF5Reader reader, String cells, String type) {
        switch (type) {
            case "uint8":
                return reader.uint8().readMDArray(cells).getAsFlatArray();
            case "int16":
                return bytes(reader.int16().readMDArray(cells).getAsFlatArray());
            case "uint16":
                return bytes(reader.uint16().readMDArray(cells).getAsFlatArray());
            case "float32":
                float[] voxels = reader.float32().readMDArray(cells).getAsFlatArray();
                ByteBuffer buffer = ByteBuffer.allocate(4 * voxels.length);
                buffer.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(voxels);
                return buffer.array();
            default:
                throw new IllegalArgumentException(type);
        }
    }

    private static byte[] bytes(short[] voxels) {
        ByteBuffer buffer = ByteBuffer.allocate(2 * voxels.length);
        buffer.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer().put(voxels);
        return buffer.array();
    }
}
