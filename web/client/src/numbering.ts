/** The numbering page: clicks on an image, or keys, write the lines of the form's field of marks. */
import './numbering/numbering.css';
import { Marking } from './numbering/marking';

for (const place of document.querySelectorAll<HTMLElement>('[data-numbering]')) {
  const lines = document.querySelector<HTMLTextAreaElement>('#anchors');
  if (lines !== null) new Marking(place, lines);
}
