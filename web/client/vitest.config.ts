import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
  resolve: { alias: { 'virtual:icon-sprite': `${import.meta.dirname}/test/sprite.ts` } },
});
