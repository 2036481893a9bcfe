import java.util.ArrayList;
import java.util.List;

import loci.common.DebugTools;
import loci.formats.ImageReader;
import loci.formats.meta.IMetadata;
import loci.formats.services.OMEXMLServiceImpl;

/**
 * Says in JSON which images Bio-Formats offers if each resolution is to be an image of its own, as
 * in ImageJ: voxels and voxel size of each, in z, y, x order.
 *
 * Run: java -cp bioformats_package.jar FlatLevels.java image ...
 */
class FlatLevels {
    public static void main(String[] images) throws Exception {
        DebugTools.setRootLevel("ERROR");
        List<String> levels = new ArrayList<>();
        for (String image : images) {
            levels.add(describe(image));
        }
        System.out.println("[" + String.join(", ", levels) + "]");
    }

    private static String describe(String image) throws Exception {
        IMetadata metadata = new OMEXMLServiceImpl().createOMEXMLMetadata();
        try (ImageReader reader = new ImageReader()) {
            reader.setFlattenedResolutions(true);
            reader.setMetadataStore(metadata);
            reader.setId(image);
            List<String> levels = new ArrayList<>();
            for (int s = 0; s < reader.getSeriesCount(); s++) {
                reader.setSeries(s);
                levels.add(String.format(
                    "{\"shape\": [%d, %d, %d], \"voxel_size\": [%s, %s, %s]}",
                    reader.getSizeZ(), reader.getSizeY(), reader.getSizeX(),
                    metadata.getPixelsPhysicalSizeZ(s).value(),
                    metadata.getPixelsPhysicalSizeY(s).value(),
                    metadata.getPixelsPhysicalSizeX(s).value()));
            }
            return "[" + String.join(", ", levels) + "]";
        }
    }
}
