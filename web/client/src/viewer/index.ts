/** The viewer: `<consilium-viewer>`, its types and its events. */
export { ConsiliumViewer } from './viewer';
export type * from './types';
