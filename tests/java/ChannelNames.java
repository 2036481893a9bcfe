import java.util.ArrayList;
import java.util.List;

import loci.common.DebugTools;
import loci.formats.ImageReader;
import loci.formats.meta.IMetadata;
import loci.formats.services.OMEXMLServiceImpl;

/**
 * Says in JSON how Bio-Formats names the channels of the first image in files. The names must have
 * no quotation marks and backslashes.
 *
 * Run: java -cp bioformats_package.jar ChannelNames.java image ...
 */
class ChannelNames {
    public static void main(String[] images) throws Exception {
        DebugTools.setRootLevel("ERROR");
        List<String> files = new ArrayList<>();
        for (String image : images) {
            IMetadata metadata = new OMEXMLServiceImpl().createOMEXMLMetadata();
            try (ImageReader reader = new ImageReader()) {
                reader.setMetadataStore(metadata);
                reader.setId(image);
                List<String> names = new ArrayList<>();
                for (int c = 0; c < metadata.getChannelCount(0); c++) {
                    names.add('"' + metadata.getChannelName(0, c) + '"');
                }
                files.add("[" + String.join(", ", names) + "]");
            }
        }
        System.out.println("[" + String.join(", ", files) + "]");
    }
}
