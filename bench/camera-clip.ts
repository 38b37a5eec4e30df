import { execFileSync } from "node:child_process";

/** Moving gradients, edges and a little sensor noise at 30 Mb/s, as cameras record 1080p: every rung and the decoder have work to do. */
export function makeCameraClip(path: string, seconds: string, size = "1920x1080"): void {
  const picture = `gradients=s=${size}:r=30:speed=0.02:n=4,drawgrid=w=160:h=120:t=2:c=white@0.3,rotate=0.05*sin(t):c=gray,noise=alls=4:allf=t`;
  const inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "anoisesrc=c=pink:a=0.2,tremolo=f=2"];
  const encode = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "30M", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "192k"];
  execFileSync("ffmpeg", ["-v", "error", ...inputs, "-t", seconds, ...encode, path]);
}
