/** The case and packet pages: the viewer alone, without a room. */
import './viewer/index';
