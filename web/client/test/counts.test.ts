import { expect, test } from 'vitest';
import { counted } from '../src/media/counts';

test('what the browser reports is added up by line', () => {
  const voice = { type: 'inbound-rtp', kind: 'audio' };
  const now = counted([
    { ...voice, mid: 'a0', packetsReceived: 50, packetsLost: 2, totalAudioEnergy: 0.3, totalSamplesDuration: 9 },
    { ...voice, mid: 'a1', packetsReceived: 40, packetsLost: 1, audioLevel: 0.001 },
    { type: 'inbound-rtp', kind: 'video', mid: 'v0', packetsReceived: 200, packetsLost: 7, nackCount: 12 },
    { type: 'inbound-rtp', mid: 's0' },
    { type: 'media-source', kind: 'audio', audioLevel: 0.2 },
    { type: 'media-source', kind: 'video' },
    { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
    { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.03 },
  ]);
  expect(now).toEqual({
    received: 290,
    lost: 10,
    asked: 12,
    roundTrip: 0.03,
    sounds: new Map([
      ['a0', { energy: 0.3, seconds: 9, level: 0 }],
      ['a1', { energy: null, seconds: null, level: 0.001 }],
      ['mic', { energy: null, seconds: null, level: 0.2 }],
    ]),
  });
});

test('before anything came there is nothing, not a round trip of no time', () => {
  expect(counted([])).toEqual({ received: 0, lost: 0, asked: 0, roundTrip: null, sounds: new Map() });
});
