import { expectTypeOf, test } from 'vitest';
import type * as generated from '../src/protocol.gen';
import type * as own from '../src/protocol';

test('what the client sends is what the server reads', () => {
  expectTypeOf<own.Command>().toExtend<generated.Command>();
});

test('what the client knows of values is what the server means', () => {
  expectTypeOf<generated.Mark>().toExtend<own.Mark>();
  expectTypeOf<generated.Viewport>().toExtend<own.Viewport>();
  expectTypeOf<generated.Opinion>().toExtend<own.Opinion>();
  expectTypeOf<generated.Recommendation>().toExtend<own.Recommendation>();
  expectTypeOf<generated.CaseBrief>().toExtend<own.CaseBrief>();
});
