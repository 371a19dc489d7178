/** WebGL2: stored values in a 16-bit integer texture, windowed in the shader through the same table as Canvas2D. */
import type { Picture } from './picture';
import type { Renderer } from './render';
import { inverse, type Affine } from './view';
import { levels, toneKey, type Tone } from './window';

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/** `level` differs: integer samples go through the table, colour is taken as it is. */
const FRAGMENT = (declare: string, level: string) => `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
${declare}
uniform mat3 toImage;     // device pixel to image point, corner origin
uniform vec2 canvas;      // device pixels
uniform vec2 image;       // columns, rows
uniform ivec2 size;       // of the texture
uniform int grid;         // samples along each side of a pixel, when the image is shrunk
out vec4 colour;
vec3 level(ivec2 at) { at = clamp(at, ivec2(0), size - 1); ${level} }
vec3 smoothed(vec2 point) {
  vec2 at = point * vec2(size) / image - 0.5;   // texel centres lie half a texel from the corner
  vec2 base = floor(at), part = at - base;
  ivec2 b = ivec2(base);
  return mix(mix(level(b), level(b + ivec2(1, 0)), part.x),
             mix(level(b + ivec2(0, 1)), level(b + ivec2(1, 1)), part.x), part.y);
}
void main() {
  vec2 pixel = vec2(gl_FragCoord.x, canvas.y - gl_FragCoord.y);
  vec2 middle = (toImage * vec3(pixel, 1.0)).xy;
  if (any(lessThan(middle, vec2(0.0))) || any(greaterThan(middle, image))) { colour = vec4(0.0, 0.0, 0.0, 1.0); return; }
  vec3 sum = vec3(0.0);
  for (int y = 0; y < grid; y++) for (int x = 0; x < grid; x++) {
    vec2 offset = (vec2(x, y) + 0.5) / float(grid) - 0.5;
    sum += smoothed((toImage * vec3(pixel + offset, 1.0)).xy);
  }
  colour = vec4(sum / float(grid * grid), 1.0);
}`;

const GREY = FRAGMENT(
  'uniform usampler2D samples; uniform sampler2D table;',
  'int v = int(texelFetch(samples, at, 0).r); return vec3(texelFetch(table, ivec2(v & 255, v >> 8), 0).r);',
);
const COLOUR = FRAGMENT('uniform sampler2D samples;', 'return texelFetch(samples, at, 0).rgb;');
const UNIFORMS = ['toImage', 'canvas', 'image', 'size', 'grid', 'samples', 'table'] as const;
const LARGEST_GRID = 6;

interface Program {
  readonly program: WebGLProgram;
  readonly at: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
}

export class WebGLRenderer implements Renderer {
  readonly kind = 'webgl2';
  private readonly programs: { readonly grey: Program; readonly colour: Program };
  private readonly samples: WebGLTexture;
  private readonly table: WebGLTexture;
  private readonly levels = new Uint8Array(65536);
  private drawn: Picture | null = null;
  private key = '';

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
  ) {
    this.programs = { grey: this.compiled(GREY), colour: this.compiled(COLOUR) };
    this.samples = this.texture();
    this.table = this.texture();
  }

  resize(width: number, height: number): void {
    this.canvas.width = width;
    this.canvas.height = height;
    this.gl.viewport(0, 0, width, height);
  }

  draw(picture: Picture | null, map: Affine, tone: Tone | null): void {
    const { gl } = this;
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (picture === null) return;
    this.upload(picture, tone);
    const { program, at } = picture.kind === 'grey' ? this.programs.grey : this.programs.colour;
    const back = inverse(map);
    const density = Math.hypot(back.a, back.b) * (picture.width / picture.columns);
    gl.useProgram(program);
    gl.uniformMatrix3fv(at.toImage, false, [back.a, back.b, 0, back.c, back.d, 0, back.e, back.f, 1]);
    gl.uniform2f(at.canvas, this.canvas.width, this.canvas.height);
    gl.uniform2f(at.image, picture.columns, picture.rows);
    gl.uniform2i(at.size, picture.width, picture.height);
    gl.uniform1i(at.grid, Math.min(LARGEST_GRID, Math.max(1, Math.ceil(density))));
    gl.uniform1i(at.samples, 0);
    gl.uniform1i(at.table, 1);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  close(): void {
    this.drawn = null;
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  private upload(picture: Picture, tone: Tone | null): void {
    const { gl } = this;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    if (this.drawn !== picture) {
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.samples);
      const { width, height } = picture;
      if (picture.kind === 'colour') {
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, picture.rgba);
      } else {
        const [inside, format, type] = [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT];
        gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, format, type, picture.patterns);
      }
      this.drawn = picture;
    }
    const key = tone === null ? this.key : toneKey(tone);
    if (tone === null || key === this.key) return;
    levels(this.levels, tone);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.table);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, 256, 256, 0, gl.RED, gl.UNSIGNED_BYTE, this.levels);
    this.key = key;
  }

  private texture(): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    }
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
      gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    }
    return texture;
  }

  private compiled(fragment: string): Program {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, source] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, fragment],
    ] as const) {
      const shader = gl.createShader(type);
      if (shader === null) throw new Error('The graphics processor gives no shader.');
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
      throw new Error(`The shader does not link: ${gl.getProgramInfoLog(program) ?? ''}`);
    }
    const at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)]));
    return { program, at: at as Program['at'] };
  }
}
