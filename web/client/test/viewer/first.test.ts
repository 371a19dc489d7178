import { expect, test } from 'vitest';
import { isFirstPicture } from '../../src/viewer/first';

const figure = { case: 'c1', series: '1.1', sop: '1.1.7', frame: '2' };

test('the picture of the page stays only under words that are about it', () => {
  expect(isFirstPicture(figure, null, null)).toBe(true);
  expect(isFirstPicture(figure, '1.1', null)).toBe(true);
  expect(isFirstPicture(figure, '1.1', { sop_instance_uid: '1.1.7', frame: 2 })).toBe(true);
  expect(isFirstPicture(figure, '1.2', null)).toBe(false);
  expect(isFirstPicture(figure, '1.1', { sop_instance_uid: '1.1.8', frame: 2 })).toBe(false);
  expect(isFirstPicture(figure, '1.1', { sop_instance_uid: '1.1.7', frame: 1 })).toBe(false);
});
