import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

import loci.common.DebugTools;
import loci.formats.FormatTools;
import loci.formats.ImageReader;
import loci.formats.meta.IMetadata;
import loci.formats.services.OMEXMLServiceImpl;
import ome.units.quantity.Length;
import ome.units.quantity.Time;

/**
 * Says in JSON what Bio-Formats sees in image files: series, their channels' names, time interval
 * and voxel size, resolutions and their sizes, and for each time point and channel the SHA-256 of
 * its voxels in z, y, x order, little-endian.
 *
 * Run: java -cp bioformats_package.jar Describe.java image ...
 */
class Describe {
    public static void main(String[] images) throws Exception {
        DebugTools.setRootLevel("ERROR");
        List<String> descriptions = new ArrayList<>();
        for (String image : images) {
            descriptions.add(describe(image));
        }
        System.out.println("[" + String.join(", ", descriptions) + "]");
    }

    private static String describe(String image) throws Exception {
        IMetadata metadata = new OMEXMLServiceImpl().createOMEXMLMetadata();
        try (ImageReader reader = new ImageReader()) {
            reader.setFlattenedResolutions(false);
            reader.setMetadataStore(metadata);
            reader.setId(image);
            List<String> series = new ArrayList<>();
            for (int s = 0; s < reader.getSeriesCount(); s++) {
                reader.setSeries(s);
                List<String> resolutions = new ArrayList<>();
                for (int r = 0; r < reader.getResolutionCount(); r++) {
                    reader.setResolution(r);
                    resolutions.add(resolution(reader));
                }
                List<String> names = new ArrayList<>();
                for (int c = 0; c < metadata.getChannelCount(s); c++) {
                    names.add(text(metadata.getChannelName(s, c)));
                }
                series.add(String.format(
                    "{\"channels\": [%s], \"time_interval\": %s, "
                        + "\"voxel_size\": [%s, %s, %s], \"resolutions\": [%s]}",
                    String.join(", ", names),
                    time(metadata.getPixelsTimeIncrement(s)),
                    length(metadata.getPixelsPhysicalSizeZ(s)),
                    length(metadata.getPixelsPhysicalSizeY(s)),
                    length(metadata.getPixelsPhysicalSizeX(s)),
                    String.join(", ", resolutions)));
            }
            return String.format(
                "{\"format\": \"%s\", \"series\": [%s]}",
                reader.getFormat(), String.join(", ", series));
        }
    }

    private static String resolution(ImageReader reader) throws Exception {
        List<String> stacks = new ArrayList<>();
        for (int t = 0; t < reader.getSizeT(); t++) {
            for (int c = 0; c < reader.getSizeC(); c++) {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                for (int z = 0; z < reader.getSizeZ(); z++) {
                    byte[] plane = reader.openBytes(reader.getIndex(z, c, t));
                    if (!reader.isLittleEndian()) {
                        reverse(plane, FormatTools.getBytesPerPixel(reader.getPixelType()));
                    }
                    digest.update(plane);
                }
                stacks.add('"' + HexFormat.of().formatHex(digest.digest()) + '"');
            }
        }
        return String.format(
            "{\"shape\": [%d, %d, %d, %d, %d], \"dtype\": \"%s\", \"sha256\": [%s]}",
            reader.getSizeT(), reader.getSizeC(), reader.getSizeZ(), reader.getSizeY(),
            reader.getSizeX(), FormatTools.getPixelTypeString(reader.getPixelType()),
            String.join(", ", stacks));
    }

    private static void reverse(byte[] plane, int size) {
        for (int start = 0; start < plane.length; start += size) {
            for (int i = 0; i < size / 2; i++) {
                byte first = plane[start + i];
                plane[start + i] = plane[start + size - 1 - i];
                plane[start + size - 1 - i] = first;
            }
        }
    }

    private static String text(String text) {
        return text == null ? "null" : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String time(Time time) {
        return time == null
            ? "null"
            : String.format("[%s, \"%s\"]", time.value(), time.unit().getSymbol());
    }

    private static String length(Length length) {
        return length == null
            ? "null"
            : String.format("[%s, \"%s\"]", length.value(), length.unit().getSymbol());
    }
}
