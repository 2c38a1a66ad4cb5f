package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"normflow/internal/show"
	"normflow/internal/whole"
)

// Slurm says how a sweep runs on a Slurm cluster.
type Slurm struct {
	Program   string // the path of flow on the nodes, which see it and the folder of the sweep
	Cores     int    // of a member; 0: 1
	Partition string // "" is the cluster's default
	Time      string // limit of a member, as sbatch takes it; "" is the partition's
	Memory    string // of a member, as sbatch takes it; "" is the partition's
}

// array is the script of the members: one task each, which begins again, from its
// checkpoint, when its time is over or its node is taken away. Slurm sends SIGTERM to all
// processes of a task that it ends, flow among them, and to this shell alone SIGUSR1 a
// minute before the time is over. A second SIGTERM would end flow without a checkpoint.
// A task that is cancelled, or is back in the queue, is no longer RUNNING.
var array = template.Must(template.New("array").Funcs(template.FuncMap{"word": word}).Parse(`#!/usr/bin/env bash
#SBATCH --job-name=flow-sweep
#SBATCH --array=0-{{.Last}}
#SBATCH --cpus-per-task={{.Cores}}
#SBATCH --output={{.Log}}
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@60
{{- with .Partition}}
#SBATCH --partition={{.}}{{end}}
{{- with .Time}}
#SBATCH --time={{.}}{{end}}
{{- with .Memory}}
#SBATCH --mem={{.}}{{end}}
export GOMAXPROCS=${SLURM_CPUS_PER_TASK:-1}
{{word .Program}} sweep run {{word .Dir}} --member "$SLURM_ARRAY_TASK_ID" &
fit=$!
stopped=
trap 'stopped=yes; kill -TERM "$fit"' USR1
trap 'stopped=yes' TERM
while kill -0 "$fit" 2>/dev/null; do wait "$fit"; done # a signal ends the wait, not the fit
wait "$fit"
status=$?
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
if [ -n "$stopped" ] && [ $status -ne 0 ] && [ "$(squeue -h -j "$task" -o %T)" = RUNNING ]; then
	scontrol requeue "$task"
fi
exit $status
`))

// gathering is the script of the job that follows the members.
var gathering = template.Must(template.New("gather").Funcs(template.FuncMap{"word": word}).Parse(`#!/usr/bin/env bash
#SBATCH --job-name=flow-gather
#SBATCH --cpus-per-task={{.Cores}}
#SBATCH --output={{.Log}}
{{- with .Partition}}
#SBATCH --partition={{.}}{{end}}
export GOMAXPROCS=${SLURM_CPUS_PER_TASK:-1}
exec {{word .Program}} sweep gather {{word .Dir}}
`))

// The scripts, in the folder of the sweep.
const (
	arrayFile  = "sweep.sh"
	gatherFile = "gather.sh"
)

// Write writes the scripts of a sweep into its folder and returns the commands that
// submit them.
func (s Slurm) Write(dir string) (commands []string, err error) {
	p, err := Read(dir)
	if err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"partition": s.Partition, "time": s.Time, "memory": s.Memory} {
		if strings.ContainsAny(text, " \t\r\n") {
			return nil, fmt.Errorf("the %s is %s, expected one word", name, show.Quoted(text))
		}
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(dir, "%\\\n\r \t\"'") {
		return nil, fmt.Errorf("%s: a folder whose path has blanks, quotes or %% cannot be the output of a Slurm job: name another", show.Path(dir))
	}
	s.Cores = max(1, s.Cores)
	fields := struct {
		Slurm
		Dir, Log string
		Last     int
	}{s, dir, filepath.Join(dir, "member-%3a.slurm.log"), len(p.Members) - 1}
	var text bytes.Buffer
	if err := array.Execute(&text, fields); err != nil {
		return nil, err
	}
	if err := whole.WriteFile(filepath.Join(dir, arrayFile), text.Bytes()); err != nil {
		return nil, err
	}
	text.Reset()
	fields.Log = filepath.Join(dir, "gather.slurm.log")
	if err := gathering.Execute(&text, fields); err != nil {
		return nil, err
	}
	if err := whole.WriteFile(filepath.Join(dir, gatherFile), text.Bytes()); err != nil {
		return nil, err
	}
	return []string{
		"sbatch --parsable " + word(filepath.Join(dir, arrayFile)),
		"sbatch --parsable " + afterAll + "$JOB " + word(filepath.Join(dir, gatherFile)),
	}, nil
}

// afterAll lets the job that gathers wait for the members, and go where one has failed.
const afterAll = "--kill-on-invalid-dep=yes --dependency=afterok:"

// Jobs are the numbers of the two jobs of a sweep.
type Jobs struct {
	Array  string `json:"array"`
	Gather string `json:"gather"`
}

const jobsFile = "slurm.json" // in the folder of a sweep: the jobs that were last submitted

// HasSlurm returns an error where no job can be submitted.
func HasSlurm() error {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return errors.New("there is no sbatch on this machine: submit where Slurm is, or write the scripts alone")
	}
	return nil
}

// Submit writes the scripts and hands them to Slurm, unless the jobs of an earlier call are
// still in the queue: two processes must not fit one member.
func (s Slurm) Submit(dir string) (*Jobs, error) {
	if err := HasSlurm(); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, jobsFile)
	var jobs Jobs
	if text, err := whole.ReadFile(path, maxLog); err == nil && json.Unmarshal(text, &jobs) == nil {
		// Slurm soon forgets a job that has ended, and squeue then fails.
		if left, err := exec.Command("squeue", "--noheader", "--jobs", jobs.Array+","+jobs.Gather).Output(); err == nil && len(left) > 0 {
			return nil, fmt.Errorf("%s: its jobs %s and %s are in the queue: wait until they have ended, or 'scancel %[2]s %[3]s' first", show.Path(dir), show.Name(jobs.Array), show.Name(jobs.Gather))
		}
	}
	if _, err := s.Write(dir); err != nil {
		return nil, err
	}
	var err error
	if jobs.Array, err = sbatch(filepath.Join(dir, arrayFile)); err != nil {
		return nil, err
	}
	if jobs.Gather, err = sbatch(append(strings.Fields(afterAll+jobs.Array), filepath.Join(dir, gatherFile))...); err != nil {
		return nil, fmt.Errorf("job %s fits the members, but none gathers them: %w", jobs.Array, err)
	}
	text, err := json.Marshal(jobs)
	if err != nil {
		return nil, err
	}
	return &jobs, whole.WriteFile(path, append(text, '\n'))
}

// sbatch returns the number of a job.
func sbatch(args ...string) (string, error) {
	var out, said bytes.Buffer
	cmd := exec.Command("sbatch", append([]string{"--parsable"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("sbatch: %s", why(said.String(), err))
	}
	job, _, _ := strings.Cut(strings.TrimSpace(out.String()), ";")
	return job, nil
}

// why makes one line of what sbatch says.
func why(said string, err error) string {
	var lines []string
	for line := range strings.Lines(said) {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "sbatch: error: "); line != "" {
			lines = append(lines, show.Text(line))
		}
	}
	if lines == nil {
		return err.Error()
	}
	return strings.Join(lines, ": ")
}

// word is a text as one word of a shell.
func word(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
