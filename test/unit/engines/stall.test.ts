import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watchProgress } from "../../../src/engines/ffmpeg/stall.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("watchProgress", () => {
  test("fault 49: calls once when nothing ever moves", () => {
    const onStall = vi.fn<() => void>();
    watchProgress(1000, onStall);
    vi.advanceTimersByTime(999);
    expect(onStall).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5000);
    expect(onStall).toHaveBeenCalledTimes(1);
  });

  test("waits anew after each advance, the first frame at 0 included", () => {
    const onStall = vi.fn<() => void>();
    const watch = watchProgress(1000, onStall);
    for (const seconds of [0, 0.5, 1, 2]) {
      vi.advanceTimersByTime(900);
      watch.advance(seconds);
    }
    expect(onStall).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(onStall).toHaveBeenCalledTimes(1);
  });

  test("takes reports of the same or an earlier time for no advance", () => {
    const onStall = vi.fn<() => void>();
    const watch = watchProgress(1000, onStall);
    watch.advance(5);
    for (const seconds of [5, 4, 5, 0]) {
      vi.advanceTimersByTime(300);
      watch.advance(seconds);
    }
    expect(onStall).toHaveBeenCalledTimes(1);
  });

  test("says so once, even when the media moves again before the program is dead", () => {
    const onStall = vi.fn<() => void>();
    const watch = watchProgress(1000, onStall);
    vi.advanceTimersByTime(1000);
    watch.advance(1);
    vi.advanceTimersByTime(5000);
    expect(onStall).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is silent after stop, and leaves no timer when an advance comes late", () => {
    const onStall = vi.fn<() => void>();
    const watch = watchProgress(1000, onStall);
    watch.stop();
    watch.advance(10);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(onStall).not.toHaveBeenCalled();
  });
});
