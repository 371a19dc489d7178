/** Every page: the theme and htmx. */
import './theme/index.css';
import 'htmx.org';
