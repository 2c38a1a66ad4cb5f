package sweep

import (
	"bytes"
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
// checkpoint, when its time is over or its node is taken away.
var array = template.Must(template.New("array").Funcs(template.FuncMap{"word": word}).Parse(`#!/usr/bin/env bash
#SBATCH --job-name=flow-sweep
#SBATCH --array=0-{{.Last}}
#SBATCH --cpus-per-task={{.Cores}}
#SBATCH --output={{.Log}}
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@60
{{- with .Partition}}
#SBATCH --partition={{.}}{{end}}
{{- with .Time}}
#SBATCH --time={{.}}{{end}}
{{- with .Memory}}
#SBATCH --mem={{.}}{{end}}
export GOMAXPROCS=${SLURM_CPUS_PER_TASK:-1}
{{word .Program}} sweep run {{word .Dir}} --member "$SLURM_ARRAY_TASK_ID" &
fit=$!
again() { # a checkpoint is written, and the task goes back to the queue
	kill -TERM "$fit"
	wait "$fit"
	scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
	exit 143
}
trap again TERM
wait "$fit"
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
	}{s, dir, filepath.Join(dir, "member-%a.slurm.log"), len(p.Members) - 1}
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
		"sbatch --parsable --dependency=afterok:$JOB " + word(filepath.Join(dir, gatherFile)),
	}, nil
}

// Submit writes the scripts and hands them to Slurm. It returns the numbers of the two jobs.
func (s Slurm) Submit(dir string) (array, gather string, err error) {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return "", "", fmt.Errorf("there is no sbatch on this machine: submit where Slurm is, or write the scripts alone")
	}
	if _, err := s.Write(dir); err != nil {
		return "", "", err
	}
	if array, err = sbatch(filepath.Join(dir, arrayFile)); err != nil {
		return "", "", err
	}
	gather, err = sbatch("--dependency=afterok:"+array, filepath.Join(dir, gatherFile))
	return array, gather, err
}

// sbatch returns the number of a job.
func sbatch(args ...string) (string, error) {
	var out, said bytes.Buffer
	cmd := exec.Command("sbatch", append([]string{"--parsable"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("sbatch: %s", show.Text(strings.TrimSpace(said.String())))
	}
	job, _, _ := strings.Cut(strings.TrimSpace(out.String()), ";")
	return job, nil
}

// word is a text as one word of a shell.
func word(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
