/* SPDX-License-Identifier: MIT */
#include "tests/house/record.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/house/now.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *truth_file;
static FILE *frames_file;

static bool
open_csv(FILE **file, const char *path, const char *head)
{
	if (path == NULL)
		return true;
	*file = fopen(path, "we");
	if (*file == NULL) {
		perror(path);
		return false;
	}
	fprintf(*file, "%s\n", head);
	return fflush(*file) == 0;
}

bool
record_open(const char *truth_path, const char *frames_path)
{
	return open_csv(&truth_file, truth_path,
		   "time_s,wall_us,grid_w,load_w,pv_w,battery_w,soc_pct,"
		   "inverter_w,shown_w,shown_ok") &&
	       open_csv(&frames_file, frames_path,
		   "wall_us,mono_us,line,side,unit,function,address,count,"
		   "result,"
		   "latency_us,request,response");
}

void
record_close(void)
{
	pthread_mutex_lock(&lock);
	if (truth_file != NULL)
		fclose(truth_file);
	if (frames_file != NULL)
		fclose(frames_file);
	truth_file = frames_file = NULL;
	pthread_mutex_unlock(&lock);
}

void
record_truth(const struct record_truth *truth)
{
	pthread_mutex_lock(&lock);
	if (truth_file != NULL) {
		fprintf(truth_file,
		    "%.3f,%lld,%.2f,%.2f,%.2f,%.2f,%.3f,%.2f,%.0f,%d\n",
		    truth->time_s, (long long)now_wall_us(), truth->grid_w,
		    truth->load_w, truth->pv_w, truth->battery_w,
		    truth->soc_pct, truth->inverter_w, truth->shown_w,
		    truth->shown_ok);
		fflush(truth_file);
	}
	pthread_mutex_unlock(&lock);
}

static unsigned
word(const struct record_frame *frame, size_t at)
{
	if (frame->request_length < at + 2)
		return 0;
	return (unsigned)frame->request[at] << 8 | frame->request[at + 1];
}

void
record_frame(const struct record_frame *frame)
{
	int64_t ago_us = (now_ns() - frame->at_ns) / 1000;

	pthread_mutex_lock(&lock);
	if (frames_file != NULL) {
		fprintf(frames_file, "%lld,%lld,%s,%s,%u,%u,%u,%u,%s,%lld,",
		    (long long)(now_wall_us() - ago_us),
		    (long long)(frame->at_ns / 1000), frame->line, frame->side,
		    frame->request[0], frame->request[1], word(frame, 2),
		    word(frame, 4), frame->result,
		    (long long)frame->latency_us);
		for (size_t i = 0; i < frame->request_length; i++)
			fprintf(frames_file, "%02x", frame->request[i]);
		fputc(',', frames_file);
		for (unsigned i = 0; i < frame->count; i++)
			fprintf(frames_file, "%04x", frame->registers[i]);
		fputc('\n', frames_file);
		fflush(frames_file);
	}
	pthread_mutex_unlock(&lock);
}
