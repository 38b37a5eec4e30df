import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { expect } from "vitest";

import { addStacks, openApp } from "../lib/app.ts";
import { loadFleetPolicy } from "../lib/fleet-policy.ts";
import type { Settings } from "../lib/settings.ts";
import { loadSettings } from "../lib/settings.ts";

export const policy = loadFleetPolicy();
/** Every option at once. */
export const EVERYTHING = join(import.meta.dirname, "../settings/everything.json");

export type StackKind = "data" | "fleet" | "watch" | "pipeline" | "copies";

/** The templates of a deployment, synthesized once. The checks of all of them run in test/integration/deploy/synth.test.ts. */
export function templatesOf(settings: Settings): (kind: StackKind) => Template {
  const outdir = mkdtempSync(join(tmpdir(), "ladderd-cdk-"));
  try {
    const app = openApp({ isChecked: false, outdir });
    addStacks(app, { settings, policy });
    const stacks = app.node.children.filter((child) => child instanceof Stack);
    const templates = new Map(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
    return (kind) => {
      const template = templates.get(`${settings.name}-${kind}`);
      if (!template) throw new Error(`there is no stack ${kind}`);
      return template;
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

export const everything = loadSettings(EVERYTHING);
export const defaults = loadSettings(undefined);

/** The resource of a type with these properties, among others, is in the template. */
export function expectResource(template: Template, type: string, properties: object): void {
  expect(
    Object.keys(template.findResources(type, { Properties: Match.objectLike(properties) })),
    `${type} with ${JSON.stringify(properties)}`,
  ).not.toEqual([]);
}

interface Resource {
  readonly id: string;
  readonly Properties: Record<string, unknown>;
  readonly [key: string]: unknown;
}

/** Resources of a type with intrinsic functions written as text: `<Ref>`, `<Id.Att>`. */
export function resourcesOf(template: Template, type: string): readonly Resource[] {
  return Object.entries(template.findResources(type)).map(([id, resource]) => ({ Properties: {}, ...asRecord(plain(resource)), id }));
}

/** The one resource of a type whose id begins so. */
export function theResource(template: Template, type: string, id: string): Resource {
  const found = resourcesOf(template, type).filter((resource) => resource.id.startsWith(id));
  const [only] = found;
  if (!only || found.length > 1) throw new Error(`${found.length} of ${type} begin with ${id}`);
  return only;
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};

/** A template's value with every Ref, GetAtt, ImportValue and Join as text. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first) {
    const text = intrinsic(...first);
    if (text !== undefined) return text;
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, plain(inner)]));
}

function intrinsic(name: string, value: unknown): string | undefined {
  if (name === "Ref") return `<${String(value)}>`;
  if (name === "Fn::ImportValue") return `<${String(plain(value))}>`;
  if (name === "Fn::GetAtt" && Array.isArray(value)) return `<${value.join(".")}>`;
  if (name === "Fn::Base64") return String(plain(value));
  if (name === "Fn::Join" && Array.isArray(value)) {
    const [separator, parts]: unknown[] = value;
    return Array.isArray(parts) ? parts.map((part) => String(plain(part))).join(String(separator)) : undefined;
  }
  return undefined;
}

/** Statements of a policy, with one action or resource as a list of one. */
export interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

function asList(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === "string" ? [value] : [];
}

/** The statements of a policy document whose intrinsic functions are text. */
export function statementsOf(document: unknown): readonly Statement[] {
  const { Statement: list } = asRecord(document);
  return (Array.isArray(list) ? list : []).map((statement) => {
    const { Effect, Action, Resource, Principal, Condition } = asRecord(statement);
    return { Effect: String(Effect), Action: asList(Action), Resource: asList(Resource), Principal, Condition };
  });
}
