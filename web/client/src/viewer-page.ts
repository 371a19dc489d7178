/** The case and packet pages: the viewer alone, without a room. */
import { ConsiliumViewer } from './viewer';
import { listen } from './key-images';
import './levels/beside';
import { Scratch } from './viewer/scratch';

for (const viewer of document.querySelectorAll('consilium-viewer')) {
  if (viewer instanceof ConsiliumViewer) new Scratch(viewer);
}

listen();
