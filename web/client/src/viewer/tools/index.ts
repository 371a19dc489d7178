/** All tools by name, as the toolbar and the keyboard offer them. */
import type { IconName } from '../../icons';
import type { ToolName } from '../types';
import { AnchorTool } from './anchor';
import { DrawTool, FreehandTool, PointerTool, ProbeTool } from './draw';
import { PanTool, ScrollTool, WindowTool, ZoomTool } from './navigate';
import type { Stage, Tool } from './tool';

export interface Offer {
  readonly name: ToolName;
  readonly label: string;
  readonly icon: IconName;
  /** Its key; a capital is pressed with Shift. */
  readonly key: string;
  /** Draws marks: only for those who may. */
  readonly draws: boolean;
}

export const TOOLS: readonly Offer[] = [
  { name: 'window', label: 'Window', icon: 'contrast', key: 'w', draws: false },
  { name: 'pan', label: 'Pan', icon: 'move', key: 'p', draws: false },
  { name: 'zoom', label: 'Zoom', icon: 'zoom-in', key: 'z', draws: false },
  { name: 'scroll', label: 'Scroll', icon: 'layers', key: 's', draws: false },
  { name: 'length', label: 'Length', icon: 'ruler', key: 'l', draws: true },
  { name: 'angle', label: 'Angle', icon: 'triangle-right', key: 'a', draws: true },
  { name: 'cobb', label: 'Cobb', icon: 'spline', key: 'b', draws: true },
  { name: 'arrow', label: 'Arrow', icon: 'move-up-right', key: 'd', draws: true },
  { name: 'text', label: 'Text', icon: 'type', key: 't', draws: true },
  { name: 'level', label: 'Level', icon: 'bone', key: 'v', draws: true },
  { name: 'ellipse', label: 'Ellipse', icon: 'circle', key: 'e', draws: true },
  { name: 'rectangle', label: 'Rectangle', icon: 'square', key: 'r', draws: true },
  { name: 'freehand', label: 'Freehand area', icon: 'pencil', key: 'n', draws: true },
  { name: 'path', label: 'Freehand line', icon: 'pen-line', key: 'N', draws: true },
  { name: 'point', label: 'Point', icon: 'map-pin', key: 'V', draws: true },
  { name: 'spinopelvic', label: 'Spinopelvic', icon: 'scan-line', key: 'S', draws: true },
  { name: 'probe', label: 'Value', icon: 'target', key: 'q', draws: false },
  { name: 'pointer', label: 'Pointer', icon: 'mouse-pointer-2', key: 'o', draws: false },
];

/** How a key is printed: `L`, `Shift N`. */
export function printed(key: string): string {
  return key === key.toLowerCase() ? key.toUpperCase() : `Shift ${key}`;
}

export function make(name: ToolName, stage: Stage): Tool {
  switch (name) {
    case 'window':
      return new WindowTool(stage);
    case 'pan':
      return new PanTool(stage);
    case 'zoom':
      return new ZoomTool(stage);
    case 'scroll':
      return new ScrollTool(stage);
    case 'freehand':
    case 'path':
      return new FreehandTool(name, stage);
    case 'anchor':
      return new AnchorTool(stage);
    case 'probe':
      return new ProbeTool(stage);
    case 'pointer':
      return new PointerTool(stage);
    default:
      return new DrawTool(name, stage);
  }
}
