/** Flags that override `tune:` in study.yaml. */
export interface TuningRequest {
  readonly model?: string | undefined;
  readonly method?: "full" | "lora" | undefined;
  readonly rate?: number | undefined;
  readonly epochs?: number | undefined;
  readonly output?: string | undefined;
}
