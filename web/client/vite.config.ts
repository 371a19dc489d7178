/** Builds the client into web/static/dist: hashed files, one manifest.json, one icon sprite. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { ICONS } from './src/icons.ts';

const here = import.meta.dirname;
const ENTRIES = ['site', 'upload', 'room', 'viewer-page', 'blackout', 'numbering', 'replay'];
const SPRITE = 'virtual:icon-sprite';
const RESOLVED_SPRITE = `\0${SPRITE}`;

/** One `<symbol>` for each icon of `src/icons.ts`, drawn by Lucide (ISC). */
function sprite(): string {
  const folder = join(dirname(createRequire(import.meta.url).resolve('lucide-static/package.json')), 'icons');
  const symbols = ICONS.map((name) => {
    const source = readFileSync(join(folder, `${name}.svg`), 'utf8');
    const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(source)?.[1];
    if (inner === undefined) throw new Error(`Lucide icon ${name} has no <svg> element.`);
    const drawing = inner.replace(/\s*\n\s*/g, '');
    return (
      `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
      `stroke-linecap="round" stroke-linejoin="round">${drawing}</symbol>`
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`;
}

/** Emits the sprite as `icons.svg` of the manifest and gives its address to `import url from 'virtual:icon-sprite'`. */
function iconSprite(): Plugin {
  let reference = '';
  return {
    name: 'icon-sprite',
    buildStart() {
      reference = this.emitFile({ type: 'asset', name: 'icons.svg', originalFileName: 'icons.svg', source: sprite() });
    },
    resolveId: (id) => (id === SPRITE ? RESOLVED_SPRITE : undefined),
    load: (id) => (id === RESOLVED_SPRITE ? `export default import.meta.ROLLUP_FILE_URL_${reference};` : undefined),
  };
}

/** Writes a brotli and a gzip twin beside every file that shrinks, so that the server never compresses at run time. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle).filter((each) => /\.(js|css|svg|wasm)$/.test(each))) {
        const plain = readFileSync(join(dir, name));
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(plain));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig(({ mode }) => ({
  root: here,
  base: '/static/dist/',
  publicDir: false,
  plugins: [iconSprite(), compressed()],
  build: {
    outDir: resolve(here, '../static/dist'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    // No file is inlined: the content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: mode === 'development',
    minify: mode !== 'development',
    reportCompressedSize: false,
    rolldownOptions: {
      // htmx carries an eval that the content security policy forbids and htmx.config.allowEval turns off.
      checks: { eval: false },
      input: Object.fromEntries(ENTRIES.map((name) => [name, join(here, 'src', `${name}.ts`)])),
    },
  },
  worker: { format: 'es' },
}));
